/** What the server counts, offered to Prometheus. Nobody below knows of it: they declare listeners, which are implemented here. */
@NullMarked
package dev.hufu.server.metrics;

import org.jspecify.annotations.NullMarked;
