package dev.hufu.server.run;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.RunSpec;
import java.util.ArrayList;
import java.util.List;

/** What of an order its nodes do not allow, or cannot do. Immutable; asks anew what nodes can do. */
public final class OrderPolicy {
    private final EnvironmentPolicy environment;
    private final UserPolicy users;
    private final NodeAbilities.Source nodes;

    public OrderPolicy(EnvironmentPolicy environment, UserPolicy users, NodeAbilities.Source nodes) {
        this.environment = environment;
        this.users = users;
        this.nodes = nodes;
    }

    /** What is not allowed, whatever a node can do. */
    List<Refusal.FieldError> forbidden(RunSpec spec) {
        List<Refusal.FieldError> errors =
                new ArrayList<>(environment.violations(spec.env().keySet()));
        if (!users.allows(spec.user())) {
            errors.add(new Refusal.FieldError("/user", "not allowed: commands may not have this user here"));
        }
        return errors;
    }

    /** @throws Refusal with {@link ErrorKind#INVALID_REQUEST} where a node is known not to be able to do this */
    void refuseImpossible(RunSpec spec, List<String> targets) {
        for (String node : targets) {
            nodes.of(node)
                    .map(abilities -> abilities.lacking(spec, users.isOther(spec.user())))
                    .filter(errors -> !errors.isEmpty())
                    .ifPresent(errors -> {
                        throw new Refusal(
                                ErrorKind.INVALID_REQUEST,
                                "Node " + node + " cannot do what the request asks for.",
                                errors);
                    });
        }
    }
}
