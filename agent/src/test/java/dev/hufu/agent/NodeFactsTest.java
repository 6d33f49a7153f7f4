package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.exec.Isolation;
import dev.hufu.exec.ProcessLauncher.Capability;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class NodeFactsTest {
    @Test
    void thisMachineIsTold() {
        Map<String, String> facts = NodeFacts.of(
                Set.of(Capability.REATTACH, Capability.OWN_DEADLINE),
                new Isolation(
                        Isolation.CgroupKind.V2_CONTROLLERS,
                        Isolation.Mechanism.CGROUP,
                        Isolation.Mechanism.UNAVAILABLE,
                        Isolation.Mechanism.RLIMIT,
                        Isolation.Mechanism.RLIMIT,
                        true));
        assertThat(facts)
                .containsEntry("os", System.getProperty("os.name"))
                .containsEntry("arch", System.getProperty("os.arch"))
                .containsEntry("kernel", System.getProperty("os.version"))
                .containsEntry("launcherCapabilities", "own-deadline,reattach")
                .containsEntry("controlGroups", "v2-controllers")
                .containsEntry("limitMemory", "cgroup")
                .containsEntry("limitCpu", "unavailable")
                .containsEntry("limitPids", "rlimit")
                .containsEntry("limitFiles", "rlimit")
                .containsEntry("otherUsers", "true")
                .containsKeys("javaVersion", "processors");
        assertThat(facts.get("launcherLacks"))
                .startsWith("any-signal,any-text,")
                .endsWith(",whole-tree");
        assertThat(facts.get("memoryBytes")).matches("[1-9][0-9]{6,}");
        assertThat(facts.get("hostname")).isNotBlank().doesNotContain("\n");
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        assertThat(NodeFacts.of(Set.of(), Isolation.NONE)).doesNotContainKey("launcherCapabilities");
        assertThat(NodeFacts.of(Set.of(Capability.values()), Isolation.NONE)).doesNotContainKey("launcherLacks");
        assertThat(NodeFacts.memoryBytes("MemFree: 5 kB\n")).isEmpty();
        assertThat(NodeFacts.memoryBytes("MemTotal:       16 kB\nMemFree: 5 kB\n"))
                .contains(16_384L);
    }
}
