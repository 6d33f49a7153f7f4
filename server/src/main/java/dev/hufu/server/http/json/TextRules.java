package dev.hufu.server.http.json;

import org.jspecify.annotations.Nullable;

/** What strings of a request may hold. Each rule answers what is wrong, or null. Pure. */
public final class TextRules {
    /** The kernel takes no argument, and no environment entry, of this many bytes with its NUL. */
    static final int LONGEST_ARGUMENT_BYTES = 131_072;

    private static final int BYTES_PER_CHARACTER = 3;

    private TextRules() {}

    /** Text that is data, such as standard input: any character. */
    public static @Nullable String data(String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (Character.isSurrogate(character)) {
                if (isPair(text, i)) {
                    i++;
                } else {
                    return "has a lone surrogate at character " + i;
                }
            }
        }
        return null;
    }

    /** A script: any character but NUL. */
    public static @Nullable String script(String text) {
        return text.indexOf('\0') >= 0 ? "has a NUL" : data(text);
    }

    /** A value that becomes an argument or part of the environment: no NUL, and no control character but TAB, LF and CR. */
    static @Nullable String argument(String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if ((character < ' ' && character != '\t' && character != '\n' && character != '\r') || character == 0x7f) {
                return controlCharacter(character, i);
            }
        }
        return data(text);
    }

    /** An argument that also must be short enough for the kernel. */
    public static @Nullable String wholeArgument(String text) {
        if (mayBeTooLong(text.length()) && isTooLong(utf8Length(text))) {
            return "has " + LONGEST_ARGUMENT_BYTES
                    + " bytes or more with its NUL, more than the kernel takes; pass long data by stdin";
        }
        return argument(text);
    }

    /** An environment entry, as {@code NAME=value}, short enough for the kernel. */
    public static @Nullable String environmentEntry(String name, String value) {
        if (mayBeTooLong(name.length() + 1 + value.length()) && isTooLong(utf8Length(name) + 1 + utf8Length(value))) {
            return "has, as NAME=value, " + LONGEST_ARGUMENT_BYTES
                    + " bytes or more with its NUL, more than the kernel takes; pass long data by stdin";
        }
        return argument(value);
    }

    /** A name or a path: no control character at all. */
    public static @Nullable String name(String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (Character.isISOControl(character)) {
                return controlCharacter(character, i);
            }
        }
        return data(text);
    }

    private static String controlCharacter(char character, int at) {
        return character == 0
                ? "has a NUL at character " + at
                : String.format("has the control character U+%04X at character %d", (int) character, at);
    }

    private static boolean isPair(String text, int at) {
        return Character.isHighSurrogate(text.charAt(at))
                && at + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(at + 1));
    }

    /** An upper bound of the length decides for nearly every string, so that few are counted. */
    private static boolean mayBeTooLong(int characters) {
        return isTooLong((long) characters * BYTES_PER_CHARACTER);
    }

    private static boolean isTooLong(long bytes) {
        return bytes + 1 >= LONGEST_ARGUMENT_BYTES;
    }

    private static long utf8Length(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character < 0x80) {
                bytes += 1;
            } else if (character < 0x800) {
                bytes += 2;
            } else if (Character.isSurrogate(character)) {
                bytes += 2;
            } else {
                bytes += BYTES_PER_CHARACTER;
            }
        }
        return bytes;
    }
}
