/** Answers that go on: how one is kept open, fed, and ended. */
@NullMarked
package dev.hufu.server.http.stream;

import org.jspecify.annotations.NullMarked;
