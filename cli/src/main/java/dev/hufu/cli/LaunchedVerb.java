package dev.hufu.cli;

import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.LaunchedPrograms;
import dev.hufu.support.line.VerbSpec;

/** Told here, done elsewhere: the launcher script starts these programs, each from a class path of its own. */
final class LaunchedVerb implements Verb {
    private final VerbSpec spec;

    private LaunchedVerb(VerbSpec spec) {
        this.spec = spec;
    }

    static LaunchedVerb server() {
        return new LaunchedVerb(LaunchedPrograms.server());
    }

    static LaunchedVerb doctor() {
        return new LaunchedVerb(LaunchedPrograms.doctor());
    }

    static LaunchedVerb audit() {
        return new LaunchedVerb(LaunchedPrograms.audit());
    }

    static LaunchedVerb bench() {
        return new LaunchedVerb(LaunchedPrograms.bench());
    }

    @Override
    public VerbSpec spec() {
        return spec;
    }

    @Override
    public int carryOut(Session session, Arguments arguments) {
        throw new Complaints.CannotException(
                "'" + spec.name() + "' comes first on the command line: hufu " + spec.name() + " …");
    }
}
