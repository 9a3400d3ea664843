/** The description of an insurer's service, made for these tests. */

const types = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:insurer" elementFormDefault="qualified">
  <xs:element name="getContrats"><xs:complexType><xs:sequence>
    <xs:element name="depuis" type="xs:string" minOccurs="0"/>
    <xs:element name="filtre" minOccurs="0"><xs:complexType><xs:sequence>
      <xs:element name="agence" type="xs:string" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="getContratsResponse"><xs:complexType><xs:sequence>
    <xs:element name="contrat" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="police" type="xs:string"/><xs:element name="echeance" type="xs:date"/>
      <xs:element name="prime" type="xs:decimal"/><xs:element name="nom" type="xs:string" nillable="true"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>`

function binding(version: '11' | '12'): { binding: string; port: string } {
  const soap = version === '11' ? 'soap' : 'soap12'
  return {
    binding: `<binding name="Contrats${version}" type="tns:Contrats">
  <${soap}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="getContrats"><${soap}:operation soapAction="urn:insurer/getContrats"/>
    <input><${soap}:body use="literal"/></input><output><${soap}:body use="literal"/></output></operation>
</binding>`,
    port: `<port name="Contrats${version}" binding="tns:Contrats${version}"><${soap}:address location="http://maker.invalid/x"/></port>`,
  }
}

/** @param schema what stands in `types`; the schema itself when absent */
export function insurerWsdl(versions: ('11' | '12')[] = ['11'], schema = types): string {
  const made = versions.map(binding)
  return `<?xml version="1.0" encoding="utf-8"?>
<definitions name="Insurer" targetNamespace="urn:insurer" xmlns:tns="urn:insurer" xmlns="http://schemas.xmlsoap.org/wsdl/"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
<types>${schema}</types>
<message name="request"><part name="parameters" element="tns:getContrats"/></message>
<message name="response"><part name="parameters" element="tns:getContratsResponse"/></message>
<portType name="Contrats"><operation name="getContrats"><input message="tns:request"/><output message="tns:response"/></operation></portType>
${made.map(each => each.binding).join('\n')}
<service name="Service">${made.map(each => each.port).join('')}</service>
</definitions>`
}

/** The same with its schema in a file of its own. */
export const splitWsdl = {
  text: insurerWsdl(
    ['11'],
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="urn:insurer" schemaLocation="xsd/insurer.xsd"/></xs:schema>',
  ),
  parts: [{ location: 'xsd/insurer.xsd', text: types }],
}
