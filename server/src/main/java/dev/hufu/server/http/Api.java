package dev.hufu.server.http;

import dev.hufu.server.auth.Tokens;
import dev.hufu.server.fleet.Fleet;
import dev.hufu.server.http.stream.OutputFollow;
import dev.hufu.server.http.stream.Streams;
import dev.hufu.server.output.Outputs;
import dev.hufu.server.output.TaskOutputs;
import dev.hufu.server.run.RunActions;
import dev.hufu.server.run.Submissions;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The one table of routes, each with what it asks of its caller, and the gate before them. Immutable and thread-safe. */
public final class Api {
    private final Submissions submissions;
    private final Gate gate;
    private final Streams streams = new Streams();
    private final List<Route> routes;

    /**
     * What the server says of itself.
     *
     * @param metrics what {@code /metrics} answers
     * @param notice what {@code /readyz} tells beside that it takes work
     */
    public record Self(Supplier<String> metrics, Supplier<Optional<String>> notice) {}

    public Api(RunActions runs, RunStore store, Outputs outputs, Fleet fleet, Tokens tokens, Self self, Timers timers) {
        this.submissions = runs.submissions();
        this.gate = new Gate(tokens, store, timers);
        TaskOutputs taskOutputs = new TaskOutputs(outputs.store());
        OutputFollow follow = new OutputFollow(store, runs.waits(), outputs, timers);
        List<Route> all = new ArrayList<>();
        all.addAll(new RunRoutes(runs, store, taskOutputs).routes());
        all.addAll(new RunListRoutes(store).routes());
        all.addAll(new EventRoutes(store, runs.waits(), streams).routes());
        all.addAll(new TaskRoutes(store, taskOutputs).routes());
        all.addAll(new LiveTaskRoutes(fleet.tasks(), taskOutputs).routes());
        all.addAll(new OutputRoutes(store, outputs.store(), follow, streams).routes());
        all.addAll(new ExecRoutes(runs, store, taskOutputs, follow, streams, timers).routes());
        all.addAll(new NodeRoutes(fleet.nodes(), submissions).routes());
        all.addAll(new HealthRoutes(submissions, store, self.notice()).routes());
        all.addAll(new MetricsRoutes(self.metrics()).routes());
        all.addAll(new DocumentRoutes().routes());
        this.routes = List.copyOf(all);
    }

    List<Route> routes() {
        return routes;
    }

    Gate gate() {
        return gate;
    }

    /** The answers that go on. */
    Streams streams() {
        return streams;
    }

    boolean draining() {
        return submissions.draining();
    }
}
