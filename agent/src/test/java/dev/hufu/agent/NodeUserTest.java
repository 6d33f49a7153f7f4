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
        assertThat(NodeUser.find(PASSWORDS, "1000")).contains(new NodeUser("worker", "/home/wörker"));
        assertThat(NodeUser.find(PASSWORDS, "0")).contains(new NodeUser("root", "/root"));
        assertThat(NodeUser.find(PASSWORDS, "100")).isEmpty();
    }

    @Test
    void aUserWithoutHomeLivesAtTheRoot() {
        assertThat(NodeUser.find(PASSWORDS, "77")).contains(new NodeUser("homeless", "/"));
        assertThat(NodeUser.find(PASSWORDS, "78")).contains(new NodeUser("nowhere", "/"));
    }

    @Test
    void aUserWithoutNameIsItsNumber() {
        assertThat(NodeUser.of("?", "4711", "?")).isEqualTo(new NodeUser("4711", "/"));
        assertThat(NodeUser.of("", "4711", "/data")).isEqualTo(new NodeUser("4711", "/data"));
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
}
