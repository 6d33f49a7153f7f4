/** Measures Hufu against a limit or a peer, both in the same run: what counts is the ratio. */
@NullMarked
package dev.hufu.bench;

import org.jspecify.annotations.NullMarked;
