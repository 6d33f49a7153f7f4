package dev.hufu.server.auth;

import java.util.Set;

/** Somebody whose credentials were checked. */
public record Caller(String name, Set<Permission> permissions) {
    public Caller {
        permissions = Set.copyOf(permissions);
    }

    public boolean may(Permission permission) {
        return permission == Permission.PUBLIC || permissions.contains(permission);
    }
}
