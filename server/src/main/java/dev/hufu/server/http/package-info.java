/** The API over HTTP: one class per resource, strict in what is read, and the only place that knows status codes. */
@NullMarked
package dev.hufu.server.http;

import org.jspecify.annotations.NullMarked;
