/** The agents: who is connected, what they say, and what is said to them. */
@NullMarked
package dev.hufu.server.fleet;

import org.jspecify.annotations.NullMarked;
