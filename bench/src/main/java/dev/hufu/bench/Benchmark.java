package dev.hufu.bench;

/** One verb of {@code hufu bench}: measures ours and a limit in turns. */
interface Benchmark {
    /**
     * Measures and reports.
     *
     * @param setting how often and how much
     */
    void run(Setting setting, Report report) throws Exception;

    /** How much is measured when nothing is said, as the verb counts. */
    int defaultCount();

    /**
     * How much to measure.
     *
     * @param rounds pairs of ours and the limit
     * @param count what one round does, as the verb counts
     * @param place programs and a scratch directory
     */
    record Setting(int rounds, int count, Place place) {}
}
