package dev.hufu.cli.page;

/** How much room text takes on a terminal: Chinese takes two cells a character, an accent on its own none. Pure. */
final class Cells {
    private Cells() {}

    static int width(String text) {
        int width = 0;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            width += width(text.codePointAt(i));
        }
        return width;
    }

    /** The text, or as much of it as fits with an ellipsis. */
    static String cut(String text, int room) {
        if (width(text) <= room) {
            return text;
        }
        int width = 0;
        int end = 0;
        while (width + width(text.codePointAt(end)) < room) {
            width += width(text.codePointAt(end));
            end += Character.charCount(text.codePointAt(end));
        }
        return text.substring(0, end) + "…";
    }

    /** How much of a text, one character at least, has room. */
    static int fitting(String text, int room) {
        int width = 0;
        int end = 0;
        while (end < text.length()) {
            int point = text.codePointAt(end);
            width += width(point);
            if (width > room && end > 0) {
                break;
            }
            end += Character.charCount(point);
        }
        return end;
    }

    private static int width(int point) {
        if (point < 0x300) {
            return 1;
        }
        int type = Character.getType(point);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || type == Character.FORMAT) {
            return 0;
        }
        // The blocks of Unicode's East Asian Width "wide" that a terminal meets.
        boolean wide = within(point, 0x1100, 0x115f)
                || within(point, 0x2e80, 0xa4cf)
                || within(point, 0xac00, 0xd7a3)
                || within(point, 0xf900, 0xfaff)
                || within(point, 0xfe30, 0xfe6f)
                || within(point, 0xff00, 0xff60)
                || within(point, 0xffe0, 0xffe6)
                || within(point, 0x1f300, 0x1faff)
                || within(point, 0x20000, 0x3fffd);
        return wide ? 2 : 1;
    }

    private static boolean within(int point, int from, int to) {
        return point >= from && point <= to;
    }
}
