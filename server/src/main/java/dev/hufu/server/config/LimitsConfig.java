package dev.hufu.server.config;

/**
 * What requests may cost.
 *
 * @param body the largest body, in bytes
 * @param bodiesAtOnce what all large bodies that are worked on at once have together, in bytes; more of them wait, then are refused
 */
public record LimitsConfig(int body, long bodiesAtOnce) {
    public static final int DEFAULT_BODY = 1 << 20;
    public static final long DEFAULT_BODIES_AT_ONCE = 16L << 20;

    private static final long SMALLEST_BODY = 1 << 10;
    private static final long LARGEST_BODY = 64L << 20;
    private static final long LARGEST_BODIES_AT_ONCE = 16L << 30;

    static LimitsConfig of(ConfigSection section) {
        long body = section.size("body", DEFAULT_BODY, SMALLEST_BODY, LARGEST_BODY);
        long together = section.size(
                "bodiesAtOnce", Math.max(body, DEFAULT_BODIES_AT_ONCE), SMALLEST_BODY, LARGEST_BODIES_AT_ONCE);
        if (together < body) {
            section.wrong("bodiesAtOnce", "must not be less than limits.body, or that body could never be taken");
        }
        return new LimitsConfig((int) body, together);
    }
}
