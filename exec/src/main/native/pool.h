/* The launcher's supervisors: starting, handing over, keeping some idle ones. */
#ifndef HUFU_POOL_H
#define HUFU_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { POOL_SIZE = 16384 };

/* How many idle ones are kept. */
void pool_keep(int idle_maximum);

/* Messages of supervisors are reported to this epoll descriptor, tagged with their slot. */
void pool_begin(int events);

/* Passes a connection to an idle supervisor or a new one; the caller closes its own copy. 0, or errno and stage. */
int pool_hand_over(int connection, uint32_t *stage);

/* Something came from the supervisor in this slot. */
void pool_hear(int slot);

/* A child ended. False: it was no supervisor. */
bool pool_remove(pid_t pid);

bool pool_holds(pid_t pid);
int pool_count(void);

/* Lets idle supervisors go, now and from now on. */
void pool_dismiss(void);

#endif
