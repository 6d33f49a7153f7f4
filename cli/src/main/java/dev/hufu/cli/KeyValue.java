package dev.hufu.cli;

import dev.hufu.support.line.UsageException;

/** A pair that is written {@code key=value}. */
record KeyValue(String key, String value) {
    /** @throws UsageException when there is no equals sign, naming the option */
    static KeyValue of(String option, String text) {
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw new UsageException(option + ": '" + text + "' lacks an '='");
        }
        return new KeyValue(text.substring(0, equals), text.substring(equals + 1));
    }
}
