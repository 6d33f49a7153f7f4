package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Says once, where a person is watching, that the server is being waited for. */
final class OutageRemark implements Consumer<HufuException> {
    private final Surroundings surroundings;
    private final Duration outage;
    private final AtomicBoolean said = new AtomicBoolean();

    OutageRemark(Surroundings surroundings, Duration outage) {
        this.surroundings = surroundings;
        this.outage = outage;
    }

    @Override
    public void accept(HufuException reason) {
        if (!said.getAndSet(true)) {
            surroundings.remark(reason.getMessage() + " (trying again for " + outage.toSeconds() + " s)");
        }
    }
}
