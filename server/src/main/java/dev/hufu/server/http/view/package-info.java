/** What the API shows, as JSON. Pure. */
@NullMarked
package dev.hufu.server.http.view;

import org.jspecify.annotations.NullMarked;
