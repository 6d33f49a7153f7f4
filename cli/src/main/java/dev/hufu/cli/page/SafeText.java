package dev.hufu.cli.page;

/** Text from elsewhere, made so that a terminal shows it and obeys nothing in it. Never for a command's own output. */
public final class SafeText {
    private SafeText() {}

    public static String of(String text) {
        if (text.codePoints().noneMatch(SafeText::steers)) {
            return text;
        }
        StringBuilder safe = new StringBuilder();
        text.codePoints().forEach(point -> {
            if (!steers(point)) {
                safe.appendCodePoint(point);
            } else if (point == '\n') {
                safe.append("\\n");
            } else if (point == '\t') {
                safe.append("\\t");
            } else {
                safe.append(String.format(point < 0x100 ? "\\x%02x" : "\\u%04x", point));
            }
        });
        return safe.toString();
    }

    /** JSON that a terminal cannot obey: what remains unescaped in it can stand in strings alone. */
    public static String ofJson(String json) {
        StringBuilder safe = new StringBuilder(json.length());
        json.codePoints().forEach(point -> {
            if (point < ' ' || !steers(point)) {
                safe.appendCodePoint(point);
            } else {
                safe.append(String.format("\\u%04x", point));
            }
        });
        return safe.toString();
    }

    /** An argument vector as a shell would take it. */
    public static String command(Iterable<String> argv) {
        StringBuilder text = new StringBuilder();
        for (String argument : argv) {
            text.append(text.isEmpty() ? "" : " ");
            text.append(
                    argument.matches("[A-Za-z0-9_@%+=:,./-]+") ? argument : "'" + argument.replace("'", "'\\''") + "'");
        }
        return of(text.toString());
    }

    /** Control characters, line separators, and those that turn the direction of what follows. */
    private static boolean steers(int point) {
        return Character.isISOControl(point)
                || (point >= 0x2028 && point <= 0x202e)
                || (point >= 0x2066 && point <= 0x2069)
                || (point >= 0xd800 && point <= 0xdfff);
    }
}
