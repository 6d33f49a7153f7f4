package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.KillReport;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ResourceUsage;
import dev.hufu.exec.StopCause;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class OutcomeMapperTest {
    private static final SpawnSubjects SUBJECTS = new SpawnSubjects("the-program", "/the/directory");

    /** Core dumps are off, and the protocol does not speak of them. */
    private static final Set<String> NOT_TOLD = Set.of("Signaled.coreDumped");

    private static final ProcessResult RESULT = new ProcessResult(
            new ExitStatus.Exited(0),
            StopCause.NONE,
            Samples.AT,
            Samples.AT,
            new ResourceUsage(Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(3), 4),
            new OutputSummary(5, 6, false, false),
            new KillReport(
                    StopCause.DEADLINE,
                    KillReport.Proof.CGROUP,
                    List.of(new KillReport.Step(15, Samples.AT, 7, 8)),
                    Duration.ofMillis(9)));

    private static ProcessResult with(ExitStatus status, StopCause cause) {
        return new ProcessResult(status, cause, null, Samples.AT, null, new OutputSummary(0, 0, false, false), null);
    }

    private static Outcome.Ending ending(ExitStatus status) {
        return OutcomeMapper.outcome(with(status, StopCause.NONE), SUBJECTS).ending();
    }

    @Test
    void everythingIsTakenOver() {
        assertThat(OutcomeMapper.outcome(RESULT, SUBJECTS))
                .isEqualTo(new Outcome(
                        new Outcome.Ending.Exited(0),
                        Outcome.StopCause.NONE,
                        Samples.AT,
                        Samples.AT,
                        new Outcome.Usage(1, 2, 3, 4),
                        new Outcome.Output(5, 6, false, false),
                        new Outcome.KillReport(
                                "deadline",
                                "cgroup",
                                List.of(new Outcome.KillReport.Step("SIGTERM", Samples.AT, 7, 8)),
                                9)));
    }

    @Test
    void everyStatusHasItsEnding() {
        assertThat(ending(new ExitStatus.Exited(137))).isEqualTo(new Outcome.Ending.Exited(137));
        assertThat(ending(new ExitStatus.Signaled(9, true))).isEqualTo(new Outcome.Ending.Signaled("SIGKILL"));
        assertThat(ending(new ExitStatus.LaunchFailed(2, LaunchStage.EXEC)))
                .isEqualTo(new Outcome.Ending.SpawnFailed("ENOENT", "exec", "No such file or directory: the-program"));
        assertThat(ending(new ExitStatus.LaunchFailed(13, LaunchStage.CHDIR)))
                .isEqualTo(new Outcome.Ending.SpawnFailed("EACCES", "chdir", "Permission denied: /the/directory"));
        assertThat(ExitStatus.class.getPermittedSubclasses())
                .as("all were looked at")
                .hasSize(4);
    }

    @ParameterizedTest
    @EnumSource(ExitStatus.Unknown.Why.class)
    void everyUnknownHasItsReason(ExitStatus.Unknown.Why why) {
        assertThat(ending(new ExitStatus.Unknown(why)))
                .isInstanceOfSatisfying(
                        Outcome.Ending.Unknown.class,
                        unknown -> assertThat(unknown.reason()).isEqualTo(Reason.valueOf(why.name())));
    }

    @ParameterizedTest
    @EnumSource(StopCause.class)
    void everyStopCauseKeepsItsName(StopCause cause) {
        Outcome outcome = OutcomeMapper.outcome(with(new ExitStatus.Exited(0), cause), SUBJECTS);
        assertThat(outcome.stopCause().name()).isEqualTo(cause.name());
        assertThat(Outcome.StopCause.values()).hasSameSizeAs(StopCause.values());
    }

    @ParameterizedTest
    @EnumSource(value = LaunchStage.class, mode = EnumSource.Mode.EXCLUDE, names = "NOT_AFTER")
    void everyLaunchStageIsNamed(LaunchStage stage) {
        assertThat(ending(new ExitStatus.LaunchFailed(2, stage)))
                .isInstanceOfSatisfying(Outcome.Ending.SpawnFailed.class, failed -> {
                    assertThat(failed.stage()).isEqualTo(stage.word());
                    assertThat(failed.message()).startsWith("No such file or directory");
                });
    }

    @Test
    void f10_tooLateToBeStartedIsExpired() {
        assertThat(ending(new ExitStatus.LaunchFailed(Errno.ETIME, LaunchStage.NOT_AFTER)))
                .isEqualTo(new Outcome.Ending.Expired());
    }

    static List<Object> records() {
        KillReport report = RESULT.killReport();
        ResourceUsage usage = RESULT.usage();
        if (report == null || usage == null) {
            throw new IllegalStateException("the sample has them");
        }
        return List.of(
                RESULT,
                usage,
                RESULT.output(),
                report,
                report.steps().getFirst(),
                new ExitStatus.Exited(1),
                new ExitStatus.Signaled(1, false),
                new ExitStatus.LaunchFailed(1, LaunchStage.EXEC),
                new ExitStatus.Unknown(ExitStatus.Unknown.Why.SUPERVISOR_LOST));
    }

    /** A component that changes nothing in the outcome is one that the mapper forgot. */
    @ParameterizedTest
    @MethodSource("records")
    void everyComponentIsMapped(Object part) throws Exception {
        Outcome before = OutcomeMapper.outcome(result(part), SUBJECTS);
        List<String> forgotten = new ArrayList<>();
        for (RecordComponent component : part.getClass().getRecordComponents()) {
            Outcome after = OutcomeMapper.outcome(result(changed(part, component)), SUBJECTS);
            if (after.equals(before)) {
                forgotten.add(part.getClass().getSimpleName() + "." + component.getName());
            }
        }
        assertThat(forgotten).isSubsetOf(NOT_TOLD);
    }

    /** The sample, with this part in its place. */
    private static ProcessResult result(Object part) {
        KillReport report = RESULT.killReport();
        return switch (part) {
            case ProcessResult whole -> whole;
            case ExitStatus status -> result(status, RESULT.usage(), RESULT.output(), report);
            case ResourceUsage usage -> result(RESULT.status(), usage, RESULT.output(), report);
            case OutputSummary output -> result(RESULT.status(), RESULT.usage(), output, report);
            case KillReport changed -> result(RESULT.status(), RESULT.usage(), RESULT.output(), changed);
            case KillReport.Step step ->
                result(
                        RESULT.status(),
                        RESULT.usage(),
                        RESULT.output(),
                        new KillReport(StopCause.NONE, KillReport.Proof.CGROUP, List.of(step), Duration.ZERO));
            default -> throw new IllegalArgumentException("no part of a result: " + part);
        };
    }

    private static ProcessResult result(
            ExitStatus status, @Nullable ResourceUsage usage, OutputSummary output, @Nullable KillReport report) {
        return new ProcessResult(status, StopCause.NONE, Samples.AT, Samples.AT, usage, output, report);
    }

    private static Object changed(Object part, RecordComponent changed) throws ReflectiveOperationException {
        RecordComponent[] components = part.getClass().getRecordComponents();
        @Nullable Object[] values = new @Nullable Object[components.length];
        for (int index = 0; index < components.length; index++) {
            Object value = components[index].getAccessor().invoke(part);
            values[index] =
                    components[index].getName().equals(changed.getName()) ? other(value, components[index]) : value;
        }
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        return part.getClass().getDeclaredConstructor(types).newInstance(values);
    }

    private static @Nullable Object other(@Nullable Object value, RecordComponent component) {
        return switch (value) {
            case Integer number -> number + 1;
            case Long number -> number + 1;
            case Boolean truth -> !truth;
            case Instant instant -> instant.plusSeconds(1);
            case Duration duration -> duration.plusSeconds(1);
            case List<?> list -> list.isEmpty() ? List.of("more") : List.of();
            case ExitStatus _ -> new ExitStatus.Exited(99);
            case OutputSummary _ -> new OutputSummary(99, 99, true, true);
            case ResourceUsage _, KillReport _ -> null;
            case Enum<?> constant ->
                Arrays.stream(component.getType().getEnumConstants())
                        .filter(one -> !one.equals(constant))
                        .findFirst()
                        .orElseThrow();
            case null -> throw new IllegalArgumentException("the sample must have a " + component);
            default -> throw new IllegalArgumentException("another kind of component: " + component);
        };
    }
}
