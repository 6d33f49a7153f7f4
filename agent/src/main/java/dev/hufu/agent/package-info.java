/** Carries out attempts on one node: accepts each once, runs it, and reports its end until that is acknowledged. */
@NullMarked
package dev.hufu.agent;

import org.jspecify.annotations.NullMarked;
