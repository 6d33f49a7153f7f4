package dev.hufu.exec;

import java.io.IOException;
import java.time.Clock;

final class NativeProcessTreeTest extends ProcessTreeContract {
    @Override
    protected ProcessLauncher newLauncher() throws IOException {
        return ProcessLaunchers.nativeLauncher(
                LauncherConfig.defaults(), Clock.systemUTC(), Thread.ofVirtual().factory());
    }
}
