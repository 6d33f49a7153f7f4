package dev.hufu.server.maintenance;

import java.io.IOException;

/** Where checkpoints go beside their file: to a place out of reach of whoever has this machine. One thread calls it. */
interface CheckpointReceiver {
    /** For the log, the figures, and the file that says how far it has come. */
    String name();

    /**
     * Sends one checkpoint; it may be sent again.
     *
     * @param line its JSON
     * @throws IOException where it is not known to have arrived
     */
    void send(byte[] line) throws IOException, InterruptedException;
}
