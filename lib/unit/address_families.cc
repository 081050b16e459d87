// SPDX-License-Identifier: Apache-2.0
// The socket families of address_families(7) by name.
#include "unit/address_families.h"

#include "base/letter_case.h"

#include <algorithm>
#include <sys/socket.h>

namespace confinit {
namespace {

struct Family {
    unsigned number;
    std::string_view name;
};

// The first name of a number is the one that is shown.
constexpr Family families[] = {
    {AF_UNIX, "unix"},
    {AF_UNIX, "local"},
    {AF_INET, "inet"},
    {AF_AX25, "ax25"},
    {AF_IPX, "ipx"},
    {AF_APPLETALK, "appletalk"},
    {AF_NETROM, "netrom"},
    {AF_BRIDGE, "bridge"},
    {AF_ATMPVC, "atmpvc"},
    {AF_X25, "x25"},
    {AF_INET6, "inet6"},
    {AF_ROSE, "rose"},
    {AF_DECnet, "decnet"},
    {AF_NETBEUI, "netbeui"},
    {AF_SECURITY, "security"},
    {AF_KEY, "key"},
    {AF_NETLINK, "netlink"},
    {AF_NETLINK, "route"},
    {AF_PACKET, "packet"},
    {AF_ASH, "ash"},
    {AF_ECONET, "econet"},
    {AF_ATMSVC, "atmsvc"},
    {AF_RDS, "rds"},
    {AF_SNA, "sna"},
    {AF_IRDA, "irda"},
    {AF_PPPOX, "pppox"},
    {AF_WANPIPE, "wanpipe"},
    {AF_LLC, "llc"},
    {AF_IB, "ib"},
    {AF_MPLS, "mpls"},
    {AF_CAN, "can"},
    {AF_TIPC, "tipc"},
    {AF_BLUETOOTH, "bluetooth"},
    {AF_IUCV, "iucv"},
    {AF_RXRPC, "rxrpc"},
    {AF_ISDN, "isdn"},
    {AF_PHONET, "phonet"},
    {AF_IEEE802154, "ieee802154"},
    {AF_CAIF, "caif"},
    {AF_ALG, "alg"},
    {AF_NFC, "nfc"},
    {AF_VSOCK, "vsock"},
    {AF_KCM, "kcm"},
    {AF_QIPCRTR, "qipcrtr"},
    {AF_SMC, "smc"},
    {AF_XDP, "xdp"},
    {AF_MCTP, "mctp"},
};

}  // namespace

std::string short_family_name(std::string_view name) {
    std::string plain = in_lower_case(name);
    return plain.starts_with("af_") ? plain.substr(3) : plain;
}

std::optional<unsigned> address_family(std::string_view name) {
    const auto* found = std::ranges::find(families, short_family_name(name), &Family::name);
    return found == std::end(families) ? std::nullopt : std::optional{found->number};
}

std::vector<std::string_view> address_family_names() {
    std::vector<std::string_view> names;
    for (const Family& family : families)
        names.push_back(family.name);
    return names;
}

}  // namespace confinit
