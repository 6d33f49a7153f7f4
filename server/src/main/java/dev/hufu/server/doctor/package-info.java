/** {@code hufu doctor}: what this machine offers, and what follows. Asks the machine itself, and needs no server. */
@NullMarked
package dev.hufu.server.doctor;

import org.jspecify.annotations.NullMarked;
