package dev.hufu.server.config;

import org.jspecify.annotations.Nullable;

/**
 * One thing wrong with what a server was told.
 *
 * @param place where it stands in the file; null for an option of the command line
 * @param what the key or the option, and what is wrong with it
 */
record ConfigProblem(@Nullable Place place, String what) {
    /** A place in the file, both counted from 1. */
    record Place(int line, int column) {}

    /** For people, beginning with where to look. */
    String text(String file) {
        return place == null ? what : file + ":" + place.line() + ":" + place.column() + ": " + what;
    }
}
