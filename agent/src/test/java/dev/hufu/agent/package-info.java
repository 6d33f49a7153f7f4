/** Tests of the agent, on a launcher and a link that a test controls. */
@NullMarked
package dev.hufu.agent;

import org.jspecify.annotations.NullMarked;
