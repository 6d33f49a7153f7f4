/** Messages as bytes (CBOR), strict in what is read. */
@NullMarked
package dev.hufu.protocol.codec;

import org.jspecify.annotations.NullMarked;
