package dev.hufu.exec;

import java.io.IOException;
import java.time.Clock;

final class NativeIsolationTest extends IsolationContract {
    @Override
    protected ProcessLauncher newLauncher() throws IOException {
        return ProcessLaunchers.nativeLauncher(
                LauncherConfig.defaults(), Clock.systemUTC(), Thread.ofVirtual().factory());
    }
}
