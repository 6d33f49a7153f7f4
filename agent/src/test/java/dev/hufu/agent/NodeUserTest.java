package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class NodeUserTest {
    private static final String PASSWORDS = """
            root:x:0:0:root:/root:/bin/bash
            daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
            broken line
            homeless:x:77:77::
            nowhere:x:78:78:::/bin/sh
            worker:x:1000:1000:Wörker,,,:/home/wörker:/bin/sh
            """;

    @Test
    void theUserIsFoundByItsNumber() {
        assertThat(NodeUser.find(PASSWORDS, "1000")).contains(new NodeUser("worker", "1000", "1000", "/home/wörker"));
        assertThat(NodeUser.find(PASSWORDS, "0")).contains(new NodeUser("root", "0", "0", "/root"));
        assertThat(NodeUser.find(PASSWORDS, "100")).isEmpty();
    }

    @Test
    void aUserWithoutHomeLivesAtTheRoot() {
        assertThat(NodeUser.find(PASSWORDS, "77")).contains(new NodeUser("homeless", "77", "77", "/"));
        assertThat(NodeUser.find(PASSWORDS, "78")).contains(new NodeUser("nowhere", "78", "78", "/"));
    }

    @Test
    void aUserWithoutNameIsItsNumber() {
        assertThat(NodeUser.of("?", "4711", "?")).isEqualTo(new NodeUser("4711", "4711", "?", "/"));
        assertThat(NodeUser.of("", "4711", "/data")).isEqualTo(new NodeUser("4711", "4711", "?", "/data"));
    }

    @Test
    void theEffectiveIdIsTheSecondOfFour() {
        assertThat(NodeUser.userId("Name:\tjava\nUid:\t1000\t33\t1000\t1000\nGid:\t5\t5\t5\t5\n"))
                .contains("33");
        assertThat(NodeUser.userId("Name:\tjava\n")).isEmpty();
    }

    @Test
    void theOwnUserIsComplete() {
        NodeUser user = NodeUser.current();
        assertThat(user.name()).isNotBlank().isNotEqualTo("?");
        assertThat(user.home()).startsWith("/");
    }

    @Test
    void aRunNamesItsUserByNameOrNumberAndGroup() {
        NodeUser worker = new NodeUser("worker", "1000", "1000", "/home/wörker");
        assertThat(NodeUser.named("worker", PASSWORDS)).isEqualTo(worker);
        assertThat(NodeUser.named("1000", PASSWORDS)).isEqualTo(worker);
        assertThat(NodeUser.named("1000:5", PASSWORDS)).isEqualTo(new NodeUser("worker", "1000", "5", "/home/wörker"));
        assertThat(NodeUser.named("4711:4712", PASSWORDS)).isEqualTo(new NodeUser("4711", "4711", "4712", "/"));
        assertThat(NodeUser.named("4711", PASSWORDS)).isEqualTo(new NodeUser("4711", "4711", "?", "/"));
        assertThat(NodeUser.named("directory-service", PASSWORDS))
                .isEqualTo(new NodeUser("directory-service", "?", "?", "/"));
        assertThat(worker.isNamed("worker")).isTrue();
        assertThat(worker.isNamed("1000")).isTrue();
        assertThat(worker.isNamed("1000:5")).isFalse();
    }
}
