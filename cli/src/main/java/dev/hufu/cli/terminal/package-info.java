/** What a command finds around it: streams, signals, environment. */
@NullMarked
package dev.hufu.cli.terminal;

import org.jspecify.annotations.NullMarked;
