package dev.hufu.cli;

import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.VerbSpec;
import java.io.IOException;

/** A verb: what it is, and how it is carried out. */
interface Verb {
    VerbSpec spec();

    /** The exit code. Errors of the client are let through. */
    int carryOut(Session session, Arguments arguments) throws InterruptedException, IOException;

    /** Whether its small exit codes are the run's, so that failures of Hufu's own need another. */
    default boolean exitsAsTheRun(Arguments arguments) {
        return false;
    }
}
