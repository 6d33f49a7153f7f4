/** Other ways to run a command, each as its own documentation shows it, and what each gets right. */
@NullMarked
package dev.hufu.bench.peers;

import org.jspecify.annotations.NullMarked;
