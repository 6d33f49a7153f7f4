package dev.hufu.exec;

import java.io.IOException;
import java.time.Clock;

final class NativeAttemptFileTest extends AttemptFileContract {
    @Override
    protected ProcessLauncher newLauncher() throws IOException {
        return ProcessLaunchers.nativeLauncher(
                LauncherConfig.defaults(), Clock.systemUTC(), Thread.ofVirtual().factory());
    }
}
