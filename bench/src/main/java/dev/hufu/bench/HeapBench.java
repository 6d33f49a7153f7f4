package dev.hufu.bench;

import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.support.Threads;
import java.lang.ref.Reference;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** P12: the process library with much of the heap touched, against itself with none. */
final class HeapBench implements Benchmark {
    private static final List<String> ARGV = List.of("/bin/true");
    private static final int MEBIBYTE = 1 << 20;
    /** What one command of the count is worth: with the default count it comes to 4 GiB. */
    private static final int MEBIBYTES_EACH = 4;

    @Override
    public int defaultCount() {
        return 1_024;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        try (ProcessLauncher launcher = ProcessLaunchers.nativeLauncher(
                LauncherConfig.defaults(), InstantSource.system(), Threads.virtualFactory("bench-"))) {
            ExecBench.ours(launcher, setting.place(), ARGV, setting.count());
            Pairs none = pairs(launcher, setting);
            int mebibytes = (int) Math.min(
                    (long) setting.count() * MEBIBYTES_EACH,
                    Runtime.getRuntime().maxMemory() / MEBIBYTE * 3 / 4);
            List<byte[]> heap = touched(mebibytes);
            Pairs much;
            try {
                much = pairs(launcher, setting);
            } finally {
                Reference.reachabilityFence(heap);
            }
            report.ratio("P12", "/bin/true, 8 at a time, nothing touched", none, "/s", "C, vfork and exec");
            String what = "/bin/true, 8 at a time, " + mebibytes + " MiB touched";
            report.ratio("P12", what, much, "/s", "C, vfork and exec");
            report.figure("P12", what + ", against nothing touched", much.ratio() / none.ratio(), "times");
        }
    }

    private static Pairs pairs(ProcessLauncher launcher, Setting setting) throws Exception {
        Pairs pairs = new Pairs();
        int count = Math.max(setting.count(), ExecBench.CONCURRENCY);
        for (int round = 0; round < setting.rounds(); round++) {
            Sample limit = ExecBench.limit(setting.place(), ARGV, count);
            pairs.add(ExecBench.ours(launcher, setting.place(), ARGV, count).perSecond(), limit.perSecond());
        }
        return pairs;
    }

    private static List<byte[]> touched(int mebibytes) {
        List<byte[]> heap = new ArrayList<>(mebibytes);
        for (int i = 0; i < mebibytes; i++) {
            // The virtual machine writes every one of its bytes.
            heap.add(new byte[MEBIBYTE]);
        }
        return heap;
    }
}
