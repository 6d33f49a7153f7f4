package dev.hufu.exec;

import java.time.Clock;

final class JdkAttemptFileTest extends AttemptFileContract {
    @Override
    protected ProcessLauncher newLauncher() {
        return ProcessLaunchers.jdkLauncher(
                Clock.systemUTC(), Thread.ofPlatform().daemon().factory());
    }
}
