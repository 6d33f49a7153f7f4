/** What a request orders, strictly read. */
@NullMarked
package dev.hufu.server.http.order;

import org.jspecify.annotations.NullMarked;
