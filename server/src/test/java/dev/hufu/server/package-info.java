/** What the tests of the server share. */
@NullMarked
package dev.hufu.server;

import org.jspecify.annotations.NullMarked;
