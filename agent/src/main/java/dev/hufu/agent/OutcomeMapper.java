package dev.hufu.agent;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.KillReport;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ResourceUsage;
import dev.hufu.exec.Signals;
import dev.hufu.exec.StopCause;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The one place where the words of the process library become those of the protocol. Stateless. */
final class OutcomeMapper {
    private OutcomeMapper() {}

    /** @param subjects what the attempt was to use, for the message of a failed start */
    static Outcome outcome(ProcessResult result, SpawnSubjects subjects) {
        return new Outcome(
                ending(result.status(), subjects),
                stopCause(result.stopCause()),
                result.startedAt(),
                result.finishedAt(),
                usage(result.usage()),
                output(result.output()),
                killReport(result.killReport()));
    }

    private static Outcome.Ending ending(ExitStatus status, SpawnSubjects subjects) {
        return switch (status) {
            case ExitStatus.Exited(int code) -> new Outcome.Ending.Exited(code);
            // Whether a core was dumped is not part of the protocol: core dumps are off.
            case ExitStatus.Signaled(int signal, boolean _) -> new Outcome.Ending.Signaled(Signals.name(signal));
            case ExitStatus.LaunchFailed(int _, LaunchStage stage)
            when stage == LaunchStage.NOT_AFTER -> new Outcome.Ending.Expired();
            case ExitStatus.LaunchFailed(int errno, LaunchStage stage) ->
                new Outcome.Ending.SpawnFailed(
                        Errno.name(errno), stage.word(), Errno.text(errno) + subjects.suffix(stage));
            case ExitStatus.Unknown(ExitStatus.Unknown.Why why) -> unknown(why);
        };
    }

    private static Outcome.Ending unknown(ExitStatus.Unknown.Why why) {
        return switch (why) {
            case SUPERVISOR_LOST ->
                new Outcome.Ending.Unknown(
                        Reason.SUPERVISOR_LOST, "the process's supervisor ended without a record of the outcome");
            case RECORD_DAMAGED ->
                new Outcome.Ending.Unknown(Reason.RECORD_DAMAGED, "the record of the outcome is missing or damaged");
        };
    }

    private static Outcome.StopCause stopCause(StopCause cause) {
        return switch (cause) {
            case NONE -> Outcome.StopCause.NONE;
            case DEADLINE -> Outcome.StopCause.DEADLINE;
            case REQUESTED -> Outcome.StopCause.REQUESTED;
            case OUTPUT -> Outcome.StopCause.OUTPUT;
            case MEMORY -> Outcome.StopCause.MEMORY;
            case PIDS -> Outcome.StopCause.PIDS;
            case SUPERVISOR_LOST -> Outcome.StopCause.SUPERVISOR_LOST;
        };
    }

    private static Outcome.@Nullable Usage usage(@Nullable ResourceUsage usage) {
        if (usage == null) {
            return null;
        }
        return new Outcome.Usage(
                usage.wall().toMillis(), usage.user().toMillis(), usage.system().toMillis(), usage.maxResidentBytes());
    }

    private static Outcome.Output output(OutputSummary output) {
        return new Outcome.Output(output.stdoutBytes(), output.stderrBytes(), output.truncated(), output.spoolFull());
    }

    private static Outcome.@Nullable KillReport killReport(@Nullable KillReport report) {
        if (report == null) {
            return null;
        }
        List<Outcome.KillReport.Step> steps = new ArrayList<>(report.steps().size());
        for (KillReport.Step step : report.steps()) {
            steps.add(new Outcome.KillReport.Step(
                    Signals.name(step.signal()), step.at(), step.signalled(), step.survivors()));
        }
        return new Outcome.KillReport(
                word(report.cause()),
                word(report.proof()),
                steps,
                report.duration().toMillis());
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
