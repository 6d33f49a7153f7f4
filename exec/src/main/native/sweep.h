/* Killing what is left of an attempt whose supervisor is gone. */
#ifndef HUFU_SWEEP_H
#define HUFU_SWEEP_H

#include "request.h"

/* Sweeps and answers SWEPT. 0, or the errno to refuse with; the connection stays open. */
int sweep_serve(int connection, struct received *received);

#endif
