package dev.hufu.exec;

import dev.hufu.exec.Isolation.CgroupKind;
import java.io.IOException;
import org.junit.jupiter.api.Nested;

/**
 * What holds of processes in general holds of those with limits and in control groups: bad input and trees that resist, for
 * every kind of groups that this machine has. A kind that it lacks is skipped, and says so.
 */
final class NativeConfinedTest {
    private static ProcessLauncher launcher(CgroupKind kind) throws IOException {
        return CgroupFixture.launcher(
                LauncherConfig.defaults().withCgroups(kind).withCgroupForEach(true));
    }

    @Nested
    final class TreesOnVersion1 extends ProcessTreeContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return new LimitedLauncher(launcher(CgroupKind.V1));
        }
    }

    @Nested
    final class TreesOnVersion2WithoutLimits extends ProcessTreeContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return launcher(CgroupKind.V2_CORE);
        }
    }

    @Nested
    final class TreesOnVersion2WithLimits extends ProcessTreeContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return new LimitedLauncher(launcher(CgroupKind.V2_CONTROLLERS));
        }
    }

    @Nested
    final class ProcessesOnVersion1 extends ProcessLauncherContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return new LimitedLauncher(launcher(CgroupKind.V1));
        }
    }

    @Nested
    final class ProcessesWithLimitsAndWithoutGroups extends ProcessLauncherContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return new LimitedLauncher(launcher(CgroupKind.NONE));
        }
    }
}
