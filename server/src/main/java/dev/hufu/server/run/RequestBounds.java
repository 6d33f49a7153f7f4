package dev.hufu.server.run;

import dev.hufu.protocol.RunSpec;

/**
 * What a request may ask for, and what it gets where it does not ask.
 *
 * @param output of each stream, what it may let be kept at most, in bytes
 * @param defaults limits of a run that says nothing
 * @param most limits that no run is without or beyond
 */
public record RequestBounds(long output, RunSpec.Resources defaults, RunSpec.Resources most) {
    /** The limits of a run that asks for these. */
    public RunSpec.Resources effective(RunSpec.Resources asked) {
        return asked.or(defaults).or(most);
    }
}
