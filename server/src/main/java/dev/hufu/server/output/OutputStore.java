package dev.hufu.server.output;

import dev.hufu.protocol.AttemptId;
import java.io.IOException;
import java.util.Optional;

/** Where the output of attempts lies. Of node {@code local} it is the attempt files; thread-safe. */
public interface OutputStore {
    /**
     * A reader of an attempt's output, running or ended; the caller closes it. Empty where there is nothing: the attempt
     * has not started yet, or its output is past its retention.
     */
    Optional<AttemptOutput> open(AttemptId attempt) throws IOException;
}
