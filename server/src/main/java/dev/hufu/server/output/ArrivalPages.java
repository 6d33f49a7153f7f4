package dev.hufu.server.output;

import dev.hufu.server.output.AttemptOutput.Arrival;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Arrivals by number, a page at a time; those that come later are found later. Not for several threads. */
final class ArrivalPages {
    private final AttemptOutput output;
    private final int size;
    private List<Arrival> page = List.of();
    private long first;

    ArrivalPages(AttemptOutput output, int size) {
        this.output = output;
        this.size = size;
    }

    /** Null where there is none with this number yet. */
    @Nullable
    Arrival at(long number) throws IOException {
        if (number < first || number >= first + page.size()) {
            page = output.arrivals(number, size);
            first = number;
        }
        return page.isEmpty() ? null : page.get((int) (number - first));
    }
}
