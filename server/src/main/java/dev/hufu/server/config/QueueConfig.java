package dev.hufu.server.config;

/**
 * What waits.
 *
 * @param capacity tasks that wait at most; more are refused
 * @param heldRefusals refused requests that are held back at once, so that callers who ask again at once do not take the
 *     processors from what runs; beyond that they are refused at once
 */
public record QueueConfig(long capacity, int heldRefusals) {
    public static final long DEFAULT_CAPACITY = 100_000;
    public static final int DEFAULT_HELD_REFUSALS = 1_000;

    private static final long LARGEST_CAPACITY = 100_000_000;
    private static final int LARGEST_HELD_REFUSALS = 100_000;

    static QueueConfig of(ConfigSection section) {
        return new QueueConfig(section.number("capacity", DEFAULT_CAPACITY, 1, LARGEST_CAPACITY), (int)
                section.number("heldRefusals", DEFAULT_HELD_REFUSALS, 0, LARGEST_HELD_REFUSALS));
    }
}
