package dev.hufu.server.doctor;

import org.jspecify.annotations.Nullable;

/**
 * What was found of one thing.
 *
 * @param name of the thing, as in {@code control-groups}
 * @param found what is there, in words
 * @param follows what follows from it; null where nothing does that one should know
 */
record Finding(
        String name, State state, String found, @Nullable String follows) {
    /** How it stands. */
    enum State {
        /** It is there. */
        OK,
        /** It is not there, and Hufu does without, in a weaker way. */
        WEAKER,
        /** It is not there, and Hufu does not work without. */
        BROKEN,
        /** Worth knowing, and nothing that could be missing. */
        NOTE
    }

    static Finding ok(String name, String found) {
        return new Finding(name, State.OK, found, null);
    }

    static Finding weaker(String name, String found, String follows) {
        return new Finding(name, State.WEAKER, found, follows);
    }

    static Finding broken(String name, String found, String follows) {
        return new Finding(name, State.BROKEN, found, follows);
    }

    static Finding note(String name, String found, @Nullable String follows) {
        return new Finding(name, State.NOTE, found, follows);
    }
}
