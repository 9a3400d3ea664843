# An SMSC in Perl (Debian's libnet-smpp-perl) for one client: it writes what it understood of each request as a line of
# `name=hex` pairs, answers, and follows the first submit_sm with a receipt and an incoming message.
use strict;
use warnings;
use Net::SMPP;

$| = 1;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34) or die "listen: $!";
print 'port=', unpack('H*', $listener->sockport), "\n";
my $smpp = $listener->accept or die "accept: $!";
my $submits = 0;

while (my $pdu = $smpp->read_pdu) {
    my %said = map { $_ => $pdu->{$_} }
        grep { defined $pdu->{$_} && !ref $pdu->{$_} && !/^\d+$/ } keys %$pdu;
    print join(' ', map { $_ . '=' . unpack('H*', $said{$_}) } sort keys %said), "\n";
    my $command = $pdu->{cmd};
    if ($command == Net::SMPP::CMD_bind_transceiver) {
        $smpp->bind_transceiver_resp(seq => $pdu->{seq}, status => 0, system_id => 'PERL');
    } elsif ($command == Net::SMPP::CMD_submit_sm) {
        $submits++;
        my $id = sprintf('%08X', 0xA0B0C000 + $submits);
        $smpp->submit_sm_resp(seq => $pdu->{seq}, status => 0, message_id => $id);
        next if $submits > 1;
        $smpp->deliver_sm(
            source_addr_ton => 1, source_addr_npi => 1, source_addr => $pdu->{destination_addr},
            dest_addr_ton => 3, dest_addr_npi => 0, destination_addr => $pdu->{source_addr},
            esm_class => 0x04, receipted_message_id => "$id\0", message_state => chr(2),
            short_message => "id:$id sub:001 dlvrd:001 submit date:2703150905 done date:2703150906 stat:DELIVRD err:000 text:Rappel",
            async => 1);
        $smpp->deliver_sm(
            source_addr_ton => 1, source_addr_npi => 1, source_addr => $pdu->{destination_addr},
            dest_addr_ton => 3, dest_addr_npi => 0, destination_addr => $pdu->{source_addr},
            short_message => 'STOP', async => 1);
    } elsif ($command == Net::SMPP::CMD_enquire_link) {
        $smpp->enquire_link_resp(seq => $pdu->{seq}, status => 0);
    } elsif ($command == Net::SMPP::CMD_unbind) {
        $smpp->unbind_resp(seq => $pdu->{seq}, status => 0);
        last;
    }
}
