package dev.hufu.server.output;

import dev.hufu.server.output.AttemptOutput.Arrival;
import dev.hufu.server.output.AttemptOutput.Stream;
import java.io.IOException;

/**
 * Sends both streams of an attempt in the order in which their bytes arrived. What came at one arrival ends where the next
 * arrival of the same stream begins. Holds a page of arrivals for each stream; not for several threads.
 */
public final class ArrivalOrder {
    private static final int PAGE = 1_024;

    private final AttemptOutput output;
    private final Side stdout;
    private final Side stderr;

    public ArrivalOrder(AttemptOutput output, OutputSnapshot stdout, OutputSnapshot stderr) {
        this.output = output;
        this.stdout = new Side(stdout);
        this.stderr = new Side(stderr);
    }

    public void copy(OutputSink sink) throws IOException {
        ArrivalPages pages = new ArrivalPages(output, PAGE);
        for (long number = 0; !sink.isFull() && !(stdout.isDone() && stderr.isDone()); number++) {
            Arrival arrival = pages.at(number);
            if (arrival == null) {
                break;
            }
            Side side = arrival.stream() == Stream.STDOUT ? stdout : stderr;
            side.copyTo(side.nextStart(number), sink);
        }
        stdout.copyTo(Long.MAX_VALUE, sink);
        stderr.copyTo(Long.MAX_VALUE, sink);
    }

    /** One stream: how far it was sent, and where its next arrival begins. */
    private final class Side {
        private final OutputSnapshot snapshot;
        private final ArrivalPages ahead = new ArrivalPages(output, PAGE);
        private long sent;
        private long lookedAt = -1;

        Side(OutputSnapshot snapshot) {
            this.snapshot = snapshot;
        }

        boolean isDone() {
            return sent >= snapshot.written();
        }

        /** Where the first arrival of this stream after the one with this number begins. */
        long nextStart(long number) throws IOException {
            lookedAt = Math.max(lookedAt, number);
            while (true) {
                lookedAt++;
                Arrival arrival = ahead.at(lookedAt);
                if (arrival == null) {
                    return Long.MAX_VALUE;
                }
                if (arrival.stream() == snapshot.stream()) {
                    lookedAt--;
                    return arrival.position();
                }
            }
        }

        void copyTo(long end, OutputSink sink) throws IOException {
            if (end > sent) {
                snapshot.copy(sent, end, sink);
                sent = end;
            }
        }
    }
}
