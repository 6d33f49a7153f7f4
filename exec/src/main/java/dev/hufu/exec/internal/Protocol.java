package dev.hufu.exec.internal;

/** The constants of PROTOCOL.md. */
final class Protocol {
    static final int REQUEST_VERSION = 3;
    static final int RECORD_VERSION = 1;
    static final int MAX_REQUEST = 64 << 20;
    static final int FRAME_PREFIX = 4;
    static final int FRAME_HEADER = 8;

    static final int LAUNCH = 1;
    static final int STOP = 2;
    static final int SIGNAL = 3;
    static final int ATTACH = 4;
    static final int SWEEP = 5;
    static final int CONSUMED = 6;
    static final int STARTED = 129;
    static final int ENDED = 130;
    static final int REFUSED = 131;
    static final int KILL_PENDING = 132;
    static final int ATTACHED = 133;
    static final int SWEPT = 134;

    static final int ALLOW_PRIVILEGE_GAIN = 1;
    static final int SCRIPT_PRESENT = 1 << 1;
    static final int OUTPUT_KILL = 1 << 2;
    static final int OUTPUT_BLOCK = 1 << 3;

    static final int PAGE = 4096;
    static final int HEADER_SIZE = PAGE;
    static final int RECORD_AT = PAGE;
    static final int METADATA_AT = 2 * PAGE;
    static final int LIVE_AT = 1024;
    static final int LIVE_SIZE = 48;
    static final int RING_SIZE = 128 << 10;
    static final int TAIL_KEPT = 64 << 10;
    static final int HISTORY = 8 << 20;

    /** Bytes that may be written ahead of the counter of a stream. */
    static final int WRITTEN_AHEAD = 64 << 10;

    static final int INDEX_ENTRY = 16;
    static final byte[] HEADER_MAGIC = {'H', 'U', 'F', 'U', 'A', 'T', 'T', '1'};

    static final int RECORD_MAGIC = 0x52584648;
    static final int RECORD_HEADER = 16;
    static final int RECORD_FIXED = 112;
    static final int STEP_SIZE = 24;
    static final int MAX_STEPS = 32;

    static final int SPOOL_FULL = 1;
    static final int STRAYS_KILLED = 1 << 1;
    static final int USAGE_UNKNOWN = 1 << 2;

    /** A limit that keeps every offset of an attempt file within what file systems can address. */
    static final long MAX_OUTPUT_LIMIT = 1L << 40;

    private Protocol() {}
}
