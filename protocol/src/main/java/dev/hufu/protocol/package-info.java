/** The words that server, agent, client and command line share: ids, states, specifications, messages, errors. */
@NullMarked
package dev.hufu.protocol;

import org.jspecify.annotations.NullMarked;
