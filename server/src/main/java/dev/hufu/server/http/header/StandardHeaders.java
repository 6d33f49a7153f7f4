package dev.hufu.server.http.header;

import java.util.function.BiConsumer;

/** The headers of every answer: nothing is kept by caches, and nothing is taken for another type than it says. */
public final class StandardHeaders {
    private StandardHeaders() {}

    public static void write(BiConsumer<String, String> target) {
        target.accept("Cache-Control", "no-store");
        target.accept("X-Content-Type-Options", "nosniff");
    }
}
