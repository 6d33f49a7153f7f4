package dev.hufu.exec;

import dev.hufu.exec.Isolation.CgroupKind;
import java.io.IOException;
import org.junit.jupiter.api.Nested;

/** Every kind of control groups that this machine has; a kind that it lacks is skipped, and says so. */
final class NativeIsolationTest {
    @Nested
    final class OnVersion1 extends IsolationContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return CgroupFixture.launcher(CgroupKind.V1);
        }
    }

    @Nested
    final class OnVersion2WithLimits extends IsolationContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return CgroupFixture.launcher(CgroupKind.V2_CONTROLLERS);
        }
    }

    @Nested
    final class OnVersion2WithoutLimits extends IsolationContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return CgroupFixture.launcher(CgroupKind.V2_CORE);
        }
    }

    @Nested
    final class WithoutControlGroups extends IsolationContract {
        @Override
        protected ProcessLauncher newLauncher() throws IOException {
            return CgroupFixture.launcher(CgroupKind.NONE);
        }
    }
}
