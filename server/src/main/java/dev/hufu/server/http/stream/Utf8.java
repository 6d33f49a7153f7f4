package dev.hufu.server.http.stream;

/** How much of some bytes is UTF-8. Pure. */
final class Utf8 {
    private Utf8() {}

    /**
     * What became of a check.
     *
     * @param valid how many bytes from the start are whole characters
     * @param cut whether what follows them up to the end may be the beginning of one
     */
    record Checked(int valid, boolean cut) {
        boolean all(int length) {
            return valid == length;
        }
    }

    static Checked check(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            int lead = bytes[at];
            if (lead >= 0) {
                at++;
                continue;
            }
            int length = length(lead & 0xff);
            int present = 1;
            while (present < length && at + present < to && isNext(bytes, at, present)) {
                present++;
            }
            if (present < length || length == 0) {
                return new Checked(at - from, length > 0 && at + present == to);
            }
            at += length;
        }
        return new Checked(to - from, false);
    }

    static boolean isContinuation(byte value) {
        return (value & 0xc0) == 0x80;
    }

    /** Of the character that begins so; 0 where none does. */
    private static int length(int lead) {
        if (lead < 0xc2 || lead > 0xf4) {
            return 0;
        }
        return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    }

    /** Whether this byte may follow; the second one rules out overlong forms, surrogates and what is beyond Unicode. */
    private static boolean isNext(byte[] bytes, int at, int index) {
        byte next = bytes[at + index];
        if (!isContinuation(next)) {
            return false;
        }
        int second = next & 0xff;
        return index > 1
                || switch (bytes[at] & 0xff) {
                    case 0xe0 -> second >= 0xa0;
                    case 0xed -> second < 0xa0;
                    case 0xf0 -> second >= 0x90;
                    case 0xf4 -> second < 0x90;
                    default -> true;
                };
    }
}
