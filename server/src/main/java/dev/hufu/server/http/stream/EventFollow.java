package dev.hufu.server.http.stream;

import dev.hufu.protocol.RunId;
import dev.hufu.server.run.RunWaits;
import dev.hufu.server.store.RunEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.RunStore.EventPage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Sends a run's history as server-sent events, and goes on with what happens until the run has ended. Thread-safe. */
public final class EventFollow {
    private static final long HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int PAGE = 100;
    private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

    private final RunStore store;
    private final RunWaits waits;
    private final Function<RunEvent, byte[]> view;

    /** @param view renders the run or the task of an event as JSON in one line */
    public EventFollow(RunStore store, RunWaits waits, Function<RunEvent, byte[]> view) {
        this.store = store;
        this.waits = waits;
        this.view = view;
    }

    /** Returns when the run's last event is sent, or when the stream is over. */
    public void run(RunId run, long after, OpenStream stream) throws IOException, InterruptedException {
        try (RunWaits.Watch _ = waits.watch(run, stream::wake)) {
            EventPage page = page(run, after);
            // There are no events yet after which one from the future could be resumed.
            long position = Math.min(after, page.last());
            while (!stream.over()) {
                for (RunEvent event : page.events()) {
                    write(event, stream);
                    position = event.sequence();
                }
                stream.flush();
                if (page.ended() && position >= page.last()) {
                    return;
                }
                if (page.events().size() < PAGE && !stream.await(HEARTBEAT_NANOS)) {
                    stream.write(HEARTBEAT);
                    stream.flush();
                    page = new EventPage(page.events().subList(0, 0), page.last(), page.ended());
                } else {
                    page = page(run, position);
                }
            }
        }
    }

    private EventPage page(RunId run, long after) {
        return store.events(run, after, PAGE)
                .orElseThrow(() -> new IllegalStateException("run " + run + " is not there any more"));
    }

    private void write(RunEvent event, OpenStream stream) throws IOException {
        String name = switch (event) {
            case RunEvent.OfRun _ -> "run";
            case RunEvent.OfTask _ -> "task";
        };
        stream.write(("event: " + name + "\nid: " + event.sequence() + "\ndata: ").getBytes(StandardCharsets.US_ASCII));
        stream.write(view.apply(event));
        stream.write('\n');
        stream.write('\n');
    }
}
